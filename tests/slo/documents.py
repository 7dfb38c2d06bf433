"""Documents as files have them: YAML without aliases, which are refused."""

from typing import Any

import yaml


class PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def yaml_text(*documents: Any) -> str:
    return str(yaml.dump_all(documents, Dumper=PlainDumper))
