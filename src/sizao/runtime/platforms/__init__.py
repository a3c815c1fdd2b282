"""Platform links (JT/T 809) of the gateway: sockets around ``feeds.jt809``.

Read in this order: ``config`` (``links.yaml``), ``wire`` (a connection), ``runner`` (one pair of
links), ``tail`` (positions of our own log), ``service`` (all of them, as a service of the gateway).
"""
