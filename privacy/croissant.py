"""The Croissant description of a release (MLCommons, 1.0, JSON-LD): what its files are and what their columns hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_ENCODING = {"parquet": "application/x-parquet", "jsonl": "application/jsonlines", "csv": "text/csv"}
_TYPES = (
    (r"bool", "sc:Boolean"),
    (r"u?int\d+", "sc:Integer"),
    (r"(half_?)?float|double|decimal.*", "sc:Float"),
    (r"timestamp.*", "sc:DateTime"),
    (r"date\d+.*", "sc:Date"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification gives (https://docs.mlcommons.org/croissant/docs/croissant-spec.html)."""


def croissant(manifest: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the description; `files` are the manifest's entries of the data files, each a record set of its own."""
    licence = manifest["licence"]
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": manifest["name"],
        "description": manifest["purpose"] or f"A masked release of {manifest['table']}",
        "datePublished": manifest["created"],
        "version": "1.0.0",
        "citeAs": f"{manifest['name']}, released {manifest['created'][:10]}",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file["path"],
                "name": file["path"],
                "contentUrl": file["path"],
                "contentSize": f"{file['bytes']} B",
                "encodingFormat": _ENCODING[file["path"].rpartition(".")[2]],
                "sha256": file["sha256"],
            }
            for file in files
        ],
        "recordSet": [_record_set(manifest, file["path"]) for file in files],
    }
    return found | ({"license": licence} if licence else {})


def _record_set(manifest: Mapping[str, Any], path: str) -> dict[str, Any]:
    name = re.sub(r"\W", "_", path.rpartition("/")[2].partition(".")[0])
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "dataType": data_type(kind),
                "source": {"fileObject": {"@id": path}, "extract": {"column": column}},
            }
            for column, kind in manifest["schema"].items()
        ],
    }


def data_type(kind: str) -> str:
    """Return Croissant's type for an Arrow type, as Arrow writes it."""
    return next((name for pattern, name in _TYPES if re.fullmatch(pattern, kind)), "sc:Text")
