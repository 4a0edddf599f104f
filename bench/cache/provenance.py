"""A lineage in the words of W3C PROV, as PROV-JSON that other programs read."""

from bench.cache.lineage import Lineage
from bench.cache.plain import JSON

__all__ = ["prov_json"]

PREFIX = "crossfold"


def prov_json(found: Lineage) -> dict[str, JSON]:
    """Return a lineage as a PROV-JSON document.

    Values are entities, steps are activities, code and packages are entities a step used. The
    names are content hashes, so documents of several runs can be merged.
    """
    entities: dict[str, JSON] = {}
    activities: dict[str, JSON] = {}
    used: dict[str, JSON] = {}
    generated: dict[str, JSON] = {}
    derived: dict[str, JSON] = {}

    def use(activity: str, entity: str, role: str) -> None:
        used[f"_:u{len(used)}"] = {
            "prov:activity": activity,
            "prov:entity": entity,
            "prov:role": role,
        }

    for key, recipe in found.recipes.items():
        value, step = f"{PREFIX}:value-{key}", f"{PREFIX}:step-{key}"
        entities[value] = {
            "prov:label": recipe.node,
            f"{PREFIX}:recipe": key,
            f"{PREFIX}:content": recipe.data_hash,
        }
        activities[step] = {
            "prov:label": recipe.name,
            f"{PREFIX}:code": recipe.code_hash,
            **{
                f"{PREFIX}:{name}": held
                for name, held in recipe.about.items()
                if isinstance(held, str | int | float)
            },
        }
        generated[f"_:g{len(generated)}"] = {"prov:entity": value, "prov:activity": step}
        for parameter, dep in recipe.deps.items():
            source = f"{PREFIX}:value-{dep}"
            entities.setdefault(source, {f"{PREFIX}:recipe": dep})
            use(step, source, parameter)
            derived[f"_:d{len(derived)}"] = {
                "prov:generatedEntity": value,
                "prov:usedEntity": source,
                "prov:activity": step,
            }
        for parameter, digest in recipe.values.items():
            source = f"{PREFIX}:input-{digest}"
            told = recipe.inputs.get(parameter)
            entities[source] = {"prov:label": parameter}
            if told is not None:
                entities[source]["prov:value"] = told
            use(step, source, parameter)
        for unit, digest in recipe.units.items():
            source = f"{PREFIX}:code-{unit}-{digest}".replace(" ", "_")
            entities[source] = {"prov:label": unit, f"{PREFIX}:version": digest}
            use(step, source, "code")
    return {
        "prefix": {PREFIX: "urn:crossfold:"},
        "entity": entities,
        "activity": activities,
        "used": used,
        "wasGeneratedBy": generated,
        "wasDerivedFrom": derived,
    }
