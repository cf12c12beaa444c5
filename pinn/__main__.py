"""`python -m pinn`."""

from pinn.cli.main import main

if __name__ == "__main__":
    main()
