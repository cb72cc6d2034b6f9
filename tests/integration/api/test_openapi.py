"""openapi.yaml and routes.c say the same: a door that is not described, or described and not there, fails here."""
import pathlib
import re

import yaml

DOCUMENT = yaml.safe_load(pathlib.Path("service/api/openapi.yaml").read_text())
SOURCE = pathlib.Path("service/api/routes.c").read_text()
NAMES = {"RESP": "responder", "APPR": "approver", "COMP": "compliance", "OPER": "operator", "APP": "app",
         "ADMIN": "admin"}


def routes():
    found = re.findall(r'ROUTE\("(\w+)",\s+"([^"]+)", \w+, ([^,]+), (\w+), [^,]+, (NULL|"[^"]*")\)', SOURCE)
    for method, path, roles, body, query in found:
        roles = roles.replace("STAFF", "RESP | APPR | COMP | OPER")
        words = {NAMES[word] for word in re.findall(r"[A-Z]+", roles) if word in NAMES}
        yield (method, path.replace("...", "")), words, body, None if query == "NULL" else {q for q in query.strip('"').split(",") if q}


def resolve(item):
    while "$ref" in item:
        path, item_ = item["$ref"], DOCUMENT
        assert path.startswith("#/"), path
        for part in path[2:].split("/"):
            item_ = item_[part]
        item = item_
    return item


def refs(item):
    if isinstance(item, dict):
        resolve(item)
        for value in item.values():
            refs(value)
    elif isinstance(item, list):
        for value in item:
            refs(value)


def check_operation(row, operation, path):
    key, roles, body, query = row
    assert set(operation.get("x-roles", [])) == roles, (key, operation.get("x-roles"), roles)
    assert (operation.get("security") == []) == (not roles), key
    parameters = [resolve(p) for p in operation.get("parameters", [])]
    assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"{(\w+)}", path)), key
    if query is not None:
        assert {p["name"] for p in parameters if p["in"] == "query"} == query, key
    assert ("requestBody" in operation) == (body != "BODY_NONE"), key
    if body in ("BODY_JSON", "BODY_JSON_OPTIONAL", "BODY_DOCUMENT"):
        assert operation["requestBody"]["required"] == (body != "BODY_JSON_OPTIONAL"), key
    assert operation["responses"] and operation["operationId"] and operation["summary"], key


def check_enum(schema, file, pattern):
    wanted = set(DOCUMENT["components"]["schemas"][schema]["enum"])
    found = set(re.findall(r'"([a-z_]+)"', re.search(pattern, pathlib.Path(file).read_text(), re.S).group(1)))
    assert wanted == found, (schema, wanted ^ found)


def main():
    assert DOCUMENT["openapi"].startswith("3.1")
    refs(DOCUMENT)
    described = {(method.upper(), path): operation
                 for path, item in DOCUMENT["paths"].items() for method, operation in item.items()}
    rows = {row[0]: row for row in routes()}
    assert len(rows) == len(re.findall(r"ROUTE\(\"", SOURCE)), "a row of routes.c was not understood"
    assert set(rows) == set(described), set(rows) ^ set(described)
    for key, row in rows.items():
        check_operation(row, described[key], key[1])
    ids = [operation["operationId"] for operation in described.values()]
    assert len(ids) == len(set(ids))
    check_enum("DataType", "service/domain/data_type.c", r"\{(.*?)\};")
    check_enum("WaveStateName", "service/store/states.c", r"wave_table\[.*?\{(.*?)\};")
    members = re.search(r"incident_members\[\] = \{(.*?)\};", pathlib.Path("service/api/incident_json.c").read_text(), re.S)
    assert set(re.findall(r'\{"(\w+)"', members.group(1))) == set(
        DOCUMENT["components"]["schemas"]["Incident"]["properties"])
    print("openapi ok:", len(rows), "routes")


main()
