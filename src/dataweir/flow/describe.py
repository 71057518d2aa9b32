"""One table as other catalogues read it: DCAT 3 (W3C, JSON-LD) and Croissant 1.0 (MLCommons).

Both say what the table is, under which licence, and where its Parquet files lie; neither holds a row value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import storage
from ..catalog.measure import metrics
from ..errors import ConfigError
from ..privacy.croissant import CONTEXT, data_type
from .about import declared
from .project import Project


def dcat(project: Project, name: str) -> dict[str, Any]:
    """Return a table as a dcat:Dataset with its distribution and, as dqv, what was measured about it."""
    tables = project.tables()
    store = project.reading()
    info = tables.info(name)
    about = declared(project, name)
    scope = f"table:{name}"
    runs = store.runs(1)
    measured = store.metrics(runs[0].id, scope) if runs else []
    found: dict[str, Any] = {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "dqv": "http://www.w3.org/ns/dqv#",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "prov": "http://www.w3.org/ns/prov#",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": f"weir://{project.config.project}/{name}",
        "@type": "dcat:Dataset",
        "dct:identifier": name,
        "dct:title": name,
        "dct:publisher": [{"@type": "foaf:Agent", "foaf:name": owner} for owner in about["owner"]],
        "dct:license": [{"@type": "dct:LicenseDocument", "rdfs:label": text} for text in about["licence"]],
        "dcat:keyword": about["tags"],
        "dct:description": _description(about, name),
        "prov:wasDerivedFrom": [{"@id": f"weir://{project.config.project}/raw.{s}"} for s in about["sources"]],
        "dcat:distribution": {
            "@type": "dcat:Distribution",
            "dct:format": "Apache Iceberg",
            "dcat:mediaType": {
                "@id": "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet",
                "@type": "dct:MediaType",
            },
            "dcat:accessURL": {"@id": storage.uri(tables.data_folder(name))},
            "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(info.bytes)},
        },
        "dqv:hasQualityMeasurement": [
            {
                "@type": "dqv:QualityMeasurement",
                "dqv:isMeasurementOf": {
                    "@id": f"weir:metric/{m.name}",
                    "dct:description": metrics()[m.name].description() if m.name in metrics() else m.name,
                },
                "dqv:value": m.value,
                "dct:format": m.unit,
            }
            for m in measured
            if m.value is not None
        ],
    }
    if info.updated:
        found["dct:modified"] = {"@type": "xsd:dateTime", "@value": info.updated.isoformat()}
    return found


def croissant(project: Project, name: str, beside: Path | None = None) -> dict[str, Any]:
    """Return a table as a Croissant data set: its Parquet files, and a record set with a field for each column.

    Readers look for the files from where the document lies: the table's folder, or `beside`. Raises ConfigError where
    the files do not lie under that.
    """
    tables = project.tables()
    about = declared(project, name)
    identifier = name.replace(".", "_")
    folder = storage.uri(str(beside.resolve()) if beside else tables.data_folder(name))
    files = tables.files(name)
    if beside and any(not storage.uri(file).startswith(f"{folder}/") for file in files):
        raise ConfigError(
            f"the files of {name} do not lie under {beside}",
            f"write it into the warehouse, such as --to {storage.join(project.warehouse, f'{identifier}.json')}",
        )
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": identifier,
        "description": _description(about, name),
        "license": about["licence"],
        "creator": [{"@type": "sc:Organization", "name": owner} for owner in about["owner"]],
        "keywords": about["tags"],
        "url": folder,
        "distribution": [
            {
                "@type": "cr:FileSet",
                "@id": "files",
                "name": "files",
                "encodingFormat": "application/x-parquet",
                "includes": [_relative(file, folder) for file in files],
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": identifier,
                "name": identifier,
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"{identifier}/{column.name}",
                        "name": column.name,
                        "dataType": data_type(str(column.type)),
                        "source": {"fileSet": {"@id": "files"}, "extract": {"column": column.name}},
                    }
                    for column in tables.schema(name)
                ],
            }
        ],
    }


def _description(about: dict[str, Any], name: str) -> str:
    return about["description"] or "; ".join(about["purpose"]) or f"rows of {', '.join(about['sources']) or name}"


def _relative(file: str, folder: str) -> str:
    return storage.uri(file).removeprefix(folder).lstrip("/")
