"""test_rules_schema.py - every record of templates/rules is as schema.json has it, and the schema knows no word that the
program does not. If this fails, counsel reads one thing in a record and the engine another."""
import json
import pathlib
import re

import jsonschema

FOLDER = pathlib.Path("templates/rules")
schema = json.loads((FOLDER / "schema.json").read_text())
validator = jsonschema.Draft202012Validator(schema)
jsonschema.Draft202012Validator.check_schema(schema)
faults = []
records = sorted(FOLDER.glob("*/*.json"))
assert len(records) == 95, len(records)
for path in records:
    record = json.loads(path.read_text())
    faults += [f"{path}: {'.'.join(map(str, e.path))}: {e.message[:160]}" for e in validator.iter_errors(record)]
    if record["id"] != path.stem:
        faults.append(f"{path}: its id is {record['id']}")

reader = pathlib.Path("service/law/rules_read.c").read_text()
for place, members in (("", schema["properties"]), ("condition", schema["$defs"]["condition"]["properties"]),
                       ("duty", schema["$defs"]["duty"]["properties"]), ("clock", schema["$defs"]["clock"]["properties"])):
    faults += [f"schema.json: {place} {member}: rules_read.c does not know it" for member in members
               if f'"{member}"' not in reader]
data = pathlib.Path("service/domain/data_type.c").read_text()
faults += [f"schema.json: data type {name}: data_type.c does not know it"
           for name in schema["$defs"]["condition"]["properties"]["data_any"]["items"]["enum"]
           if not re.search(f'"{name}"', data)]
print("\n".join(faults) or f"{len(records)} records, nothing to object to")
raise SystemExit(bool(faults))
