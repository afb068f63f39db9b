"""The connector contract: manifest, capabilities, neutral model, neutral call, block intent, error tree."""
