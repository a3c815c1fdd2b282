"""Open311 GeoReport v2: the server's six methods and its discovery document.

Source: GeoReport v2, wiki.open311.org (frozen); Service Discovery of Open311.
"""
