"""What a gate tolerates: the policy, its rules, the measures they are about, the suite of prompts.

In come YAML files, out come checked, frozen values; a fault names the file and the line.
Start at ``policy.py``; the text form of a rule is in ``rule_ref.py``.
"""
