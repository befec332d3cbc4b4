import Testing

@testable import StoaCommands

@Suite struct EnvironmentNamesTests {
  @Test("A misspelt variable is told with the name that was meant; others are nobody's business")
  func warnings() {
    let names = [
      "STOA_HOME", "STOA_PORT", "STOA_HMOE", "STOA_KVMEMORY", "STOA_SERVICE_HOST", "STOA_PORT_11500_TCP_ADDR",
      "stoa_hom",
      "STOA_TEST_DATA", "PATH",
    ]
    let warnings = EnvironmentNames.warnings(about: names)
    #expect(warnings.count == 2)
    #expect(warnings.first?.contains("STOA_HMOE") == true && warnings.first?.contains("STOA_HOME?") == true)
    #expect(warnings.last?.contains("STOA_KV_MEMORY?") == true)
  }
}
