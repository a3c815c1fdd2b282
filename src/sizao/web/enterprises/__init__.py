"""How transport enterprises keep their statutory duties: assessed each night, never a person."""
