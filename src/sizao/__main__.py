"""``python -m sizao``."""

from sizao.app.cli import main

if __name__ == "__main__":
    main()
