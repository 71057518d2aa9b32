"""The data card of a release: README.md of the bundle, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def card(manifest: Mapping[str, Any]) -> str:
    """Return the card as Markdown; `manifest` is complete but for the list of files, which holds the card."""
    return "\n".join(
        [
            f"# {_cell(manifest['name'])}",
            "",
            *_table(("Fact", "Value"), facts(manifest)),
            "",
            "## Columns",
            "",
            *_table(("Column", "Type", "Masked (kind and count)"), columns(manifest)),
            "",
            "Masking lowers the risk of re-identification; it does not remove it. Do not link these rows",
            "with other data about people, and do not try to identify anybody.",
            "",
            "## Verify",
            "",
            "    weir verify FOLDER --key signing.pub",
            "",
            "with the publisher's public key, fetched from the publisher and not from this folder; its",
            f"fingerprint is `{manifest['public_key']}`. `manifest.json` binds every file here,",
            "and `manifest.sig` (Ed25519) binds it. `README.html` is this card with plots, `croissant.json` the",
            "description for machines (MLCommons Croissant).",
            "",
            "Without Weir, with OpenSSL 3: the first command checks the signature, the second prints hashes to compare",
            "with those that the manifest lists.",
            "",
            "    openssl pkeyutl -verify -pubin -inkey signing.pub -rawin -in manifest.json -sigfile manifest.sig",
            "    sha256sum README.* croissant.json signing.pub data/*",
            "",
        ]
    )


def facts(manifest: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what is to be known of a release, as names and values."""
    evidence, policy, review = manifest["evidence"], manifest["policy"], manifest["review"]
    return [
        ("Rows", f"{manifest['rows']:,}"),
        ("Made", manifest["created"]),
        ("From", manifest["table"]),
        ("Purpose", manifest["purpose"] or "not stated"),
        ("Licence", manifest["licence"] or "not stated"),
        ("Policy", f"{policy['name']} ({policy['hash']})"),
        ("k-anonymity", _anonymity(evidence)),
        ("Detection", _detection(evidence["detection"])),
        ("Linkage attack", _linkage(evidence.get("linkage"))),
        *((f"Accepted: {what}", why) for what, why in sorted((evidence.get("accepted") or {}).items())),
        ("Held back", f"{evidence['suppressed']:,} of {evidence['rows_in']:,} rows"),
        ("Residual scan", f"{evidence['residual']['total']:,} findings in {evidence['residual']['rows']:,} rows"),
        *sequence_facts(evidence.get("sequences")),
        *_utility(manifest.get("utility")),
        ("Review", f"{review['decision']} by {review['reviewer']}, {review['at']}"),
    ]


def columns(manifest: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, type and treatment of each column."""
    from .nested import above  # Arrow would delay a command line that only prints

    masked = manifest["evidence"]["masked"]
    found = []
    for name, kind in manifest["schema"].items():
        told = [
            f"{path.removeprefix(name).lstrip('.')} {entity} {count}".strip()
            for path, counts in masked.items()
            if name in above(path)
            for entity, count in counts.items()
        ]
        found.append((name, kind, ", ".join(told) or "kept as it is"))
    return found


def _detection(stated: Mapping[str, Any]) -> str:
    recall = ", ".join(f"{share:.0%} of {name}" for name, share in sorted(stated["recall"].items()))
    found = f"found {recall} when tier {stated['measured_tier']} was measured" if recall else "not measured"
    return f"names by tier {stated['tier']}, {stated['language']}; {found}"


def _anonymity(evidence: Mapping[str, Any]) -> str:
    risk = evidence["risk"]["after"]
    if not risk["applicable"]:
        return "not applicable: the policy names no quasi-identifiers"
    over = ", ".join(risk["quasi_identifiers"])
    return f"smallest group {risk['k_found']}, required {risk['k_required']}, over {over}"


def _linkage(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "not made"
    if not found["by"]:
        return "nothing is left that could be compared"
    by = " and ".join(found["by"][0]["columns"])
    people = f"{found['share']:.1%} of {found['people']:,} people found again by {by}"
    return f"{people}, by who holds the whole table; the policy allows {found['bar']:.0%}"


def sequence_facts(made: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return what is to be known of a release's sequences, as names and values; nothing where it has none."""
    if not made:
        return []
    steps, width = made["shape"]
    counts = ", ".join(
        f"{name} {split['examples']} ({split['positive']} with the outcome)" for name, split in made["splits"].items()
    )
    left = ", ".join(f"{count} {reason}" for reason, count in made["left_out"].items())
    return [
        ("Sequences", f"{steps} steps of {width} features; {counts}; `sequences/schema.json` describes them"),
        ("Sessions left out", left or "none"),
    ]


def _utility(found: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if not found:
        return []
    told = f"{found['measure']} {found['released']:.3f} trained on this, {found['reference']:.3f} on the unmasked rows"
    return [("Utility", f"{told}, {found['chance']:.3f} by chance: privacy took {found['cost']:.1%}")]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")
