"""The contracts: .proto files beside their generated code."""
