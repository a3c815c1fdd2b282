"""The morning briefing (早报): built, issued, never changed."""
