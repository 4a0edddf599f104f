"""A run as an RO-Crate of the Workflow Run profile, which others open without crossfold."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.cache.store import Store
from bench.errors import UserError
from bench.export.archive import packed
from bench.export.contents import SOURCES, Contents, gathered

__all__ = ["METADATA", "WORKFLOW", "write_crate"]

METADATA = "ro-crate-metadata.json"
WORKFLOW = "experiment.toml"
README = "README.md"
_WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_KINDS = {
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".toml": "application/toml",
    ".py": "text/x-python",
    ".csv": "text/csv",
    ".md": "text/markdown",
}
_TOLD = {
    "manifest.json": "Counts, protocol, data sets with digests, environment, commit, command line",
    "runs.parquet": "One row a cell: what was evaluated, whether it went well, times",
    "predictions.parquet": "One row a cell and test origin: outcome, forecast, probabilities",
    "scores.parquet": "One row a cell and metric",
    "checks.json": "What the automatic checks found",
    "outputs.parquet": "One row a cell and result: the key of its recipe",
    "recipes.parquet": "One row a distinct step: code, and the keys and values it was made from",
    "report.html": "The report, one self-contained page",
    "report.pdf": "The report for print",
    SOURCES: "The text of every function that took part, as it was when it ran",
}

Entity = dict[str, Any]


def write_crate(
    run: Path,
    target: Path,
    *,
    store: Path,
    with_data: bool = True,
    licence: str = "",
    author: str = "",
) -> Path:
    """Write a run as a crate.

    Parameters
    ----------
    run : Path
        The folder of a finished run.
    target : Path
        The folder to make, or a ``.zip``.
    store : Path
        The store, for the sources of the code.
    with_data : bool
        Whether the user's own data files are taken along; their digests are told in any case.
    licence : str
        Under which others may use the crate: a name or an address.
    author : str
        Who made the run: a name.

    Raises
    ------
    UserError
        Something is in the way, or files of the run are no longer there.
    """
    if target.exists():
        raise UserError(f"{target} is there already; name another, or remove it")
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=".bench-crate-", dir=target.absolute().parent
    ) as scratch:
        folder = Path(scratch) / "crate"
        folder.mkdir()
        held = Store(store, create=False)
        contents = gathered(run, folder, store=held, with_data=with_data)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        (folder / README).write_text(_readme(manifest), encoding="utf-8")
        graph = [
            {key: _single(value) for key, value in entity.items()}
            for entity in _entities(contents, manifest, licence, author)
        ]
        (folder / METADATA).write_text(
            json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False),
            encoding="utf-8",
        )
        if target.suffix == ".zip":
            return packed(folder, target)
        shutil.move(folder, target)
    return target


def _single(value: Any) -> Any:
    """Return a value as JSON-LD wants it: a list of one is the one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _readme(manifest: Mapping[str, Any]) -> str:
    counts = manifest["counts"]
    return f"""# {manifest["experiment"]}

An evaluation of forecasting models: {counts["cells"]:,} cells, {counts["ok"]:,} of them went well.

- `{WORKFLOW}` says what was asked, `report.html` what came out, where it is among the files.
- `scores.parquet`, `predictions.parquet` and `runs.parquet` are long tables.
- `code/` and `data/` hold the author's own modules and data, `{SOURCES}` the text of every
  function that took part, as it was when it ran.

`bench reproduce` with this folder, or with the archive it came in, runs it again and says what
differs; it first says which code it would run.
"""


def _entities(
    contents: Contents, manifest: Mapping[str, Any], licence: str, author: str
) -> Iterator[Entity]:
    files = [*contents.results, *contents.code, *contents.data]
    data = {name: f"#data-{number}" for number, name in enumerate(contents.data)}
    sets = {name: f"#dataset-{name}" for name in manifest["datasets"]}
    tables = {name: f"#{Path(name).stem}" for name in contents.results}
    yield {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [
            {"@id": "https://w3id.org/ro/crate/1.1"},
            {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
        ],
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{manifest['experiment']}: an evaluation of forecasting models",
        "description": (
            f"The run {manifest['run_id']} of {manifest['counts']['cells']:,} cells: its "
            "experiment, results, code and, where they are the author's own, data. "
            "`bench reproduce` runs it again and says what differs."
        ),
        "datePublished": manifest["finished"],
        "license": {"@id": "#licence"} if not licence.startswith("http") else {"@id": licence},
        "conformsTo": [{"@id": profile} for profile in _PROFILES],
        "hasPart": [{"@id": name} for name in (WORKFLOW, README, *files)],
        **({"author": {"@id": "#author"}} if author else {}),
        "mainEntity": {"@id": WORKFLOW},
        "mentions": [{"@id": "#run"}],
    }
    for profile, (name, version) in _PROFILES.items():
        yield {"@id": profile, "@type": "CreativeWork", "name": name, "version": version}
    yield _licence(licence)
    if author:
        yield {"@id": "#author", "@type": "Person", "name": author}
    yield {
        "@id": README,
        "@type": "File",
        "name": README,
        "about": {"@id": "./"},
        **_file_facts(contents.folder / README),
    }
    yield {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": f"The experiment {manifest['experiment']}",
        "description": "Models, tasks, targets, horizons and folds that were crossed",
        "conformsTo": {"@id": _WORKFLOW_PROFILE},
        "version": manifest["run_id"],
        "programmingLanguage": {"@id": "#crossfold"},
        "softwareRequirements": [{"@id": f"#package-{n}"} for n in _packages(manifest)],
        "input": [{"@id": f"#in-{key[1:]}"} for key in (*sets.values(), *data.values())],
        "output": [{"@id": f"#out-{key[1:]}"} for key in tables.values()],
        "hasPart": [{"@id": name} for name in contents.code],
        **_file_facts(contents.folder / WORKFLOW),
    }
    yield {
        "@id": "#crossfold",
        "@type": "ComputerLanguage",
        "name": "crossfold experiment",
        "alternateName": "TOML as crossfold reads it",
        "version": manifest["environment"]["packages"].get("crossfold", ""),
    }
    for name, version in _packages(manifest).items():
        yield {
            "@id": f"#package-{name}",
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": version,
        }
    yield {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run {manifest['run_id']}",
        "description": manifest.get("command") or "An evaluation",
        "startTime": manifest["started"],
        "endTime": manifest["finished"],
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": {"@id": WORKFLOW},
        **({"agent": {"@id": "#author"}} if author else {}),
        "object": [{"@id": key} for key in (*sets.values(), *contents.data)],
        "result": [{"@id": name} for name in contents.results],
    }
    for name, facts in manifest["datasets"].items():
        yield _parameter(f"#in-{sets[name][1:]}", name, "PropertyValue", sets[name])
        yield {
            "@id": sets[name],
            "@type": "PropertyValue",
            "name": name,
            "value": str(facts.get("data_hash", "")),
            "description": _described(facts),
            "exampleOfWork": {"@id": f"#in-{sets[name][1:]}"},
        }
    for name, key in data.items():
        yield _parameter(f"#in-{key[1:]}", Path(name).name, "File", name)
    for name, key in tables.items():
        yield _parameter(f"#out-{key[1:]}", Path(name).name, "File", name)
    for name in files:
        part = tables.get(name) or data.get(name)
        entity: Entity = {
            "@id": name,
            "@type": ["File", "SoftwareSourceCode"] if name in contents.code else "File",
            "name": Path(name).name,
            **_file_facts(contents.folder / name),
        }
        if name in contents.code:
            entity["version"] = entity["sha256"][:12]
        if name in _TOLD:
            entity["description"] = _TOLD[name]
        if part is not None:
            side = "out" if name in tables else "in"
            entity["exampleOfWork"] = {"@id": f"#{side}-{part[1:]}"}
        yield entity


def _parameter(key: str, name: str, kind: str, example: str) -> Entity:
    return {
        "@id": key,
        "@type": "FormalParameter",
        "conformsTo": {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"},
        "name": name,
        "additionalType": kind,
        "valueRequired": "True",
        "workExample": {"@id": example},
    }


def _licence(text: str) -> Entity:
    if text.startswith("http"):
        return {"@id": text, "@type": "CreativeWork", "name": text, "description": text}
    told = text or "none given; ask who made this crate"
    return {"@id": "#licence", "@type": "CreativeWork", "name": told, "description": told}


def _packages(manifest: Mapping[str, Any]) -> dict[str, str]:
    setting = manifest["environment"]
    return {"python": setting["python"].split()[-1], **setting["packages"]}


def _described(facts: Mapping[str, Any]) -> str:
    words = ("source", "licence", "sha256", "n_rows", "start", "end", "note")
    return "; ".join(f"{word}: {facts[word]}" for word in words if facts.get(word))


def _file_facts(path: Path) -> Entity:
    content = path.read_bytes()
    return {
        "contentSize": str(len(content)),
        "encodingFormat": _KINDS.get(path.suffix, "application/octet-stream"),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
