"""What a customer has: services, endpoints, parameters, specifications and how they change."""
