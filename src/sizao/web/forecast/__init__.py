"""The risk forecast of an installation: made on a schedule, kept, shown, handed to the desk."""
