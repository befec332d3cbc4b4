import Testing

@testable import StoaModels
