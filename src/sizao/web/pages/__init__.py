"""The pages: views parse, call a service, render. No rule of the trade lives here."""
