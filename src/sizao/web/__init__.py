"""The Django project: one app a domain, thin views over services."""
