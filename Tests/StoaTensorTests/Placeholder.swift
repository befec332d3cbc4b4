import Testing

@testable import StoaTensor
