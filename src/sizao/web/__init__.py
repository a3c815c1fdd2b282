"""The Django project: one app per domain, thin views over services."""
