"""The parts of tools/export_golden.py."""
