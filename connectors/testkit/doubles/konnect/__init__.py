"""The Konnect double: control planes, their core entities, data plane nodes and API requests; its data plane is Kong's."""
