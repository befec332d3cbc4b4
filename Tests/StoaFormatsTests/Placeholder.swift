import Testing

@testable import StoaFormats
