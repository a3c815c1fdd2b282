"""One file an indicator; ``govern.indicators.KPIS`` lists them."""
