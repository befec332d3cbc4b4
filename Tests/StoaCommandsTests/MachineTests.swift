import Testing

@testable import StoaCommands

@Suite struct MachineTests {
  @Test func readsMemory() {
    let info = MemoryInfo("MemTotal:       24664256 kB\nMemFree:         123 kB\nMemAvailable:   20000000 kB\n")
    #expect(info.total == 24_664_256 * 1024)
    #expect(info.available == 20_000_000 * 1024)
    #expect(MemoryInfo("MemTotal: 9223372036854775807 kB\nrubbish\n:\n").total == nil)
    #expect(MemoryInfo("").available == nil)
  }

  @Test func readsTheProcessor() {
    let text = """
      processor\t: 0
      model name\t: AMD EPYC 9B45
      flags\t\t: fpu avx2 sse4_2 fma avx512f unknown avx_vnni

      processor\t: 1
      model name\t: another
      flags\t\t: amx_int8
      """
    let info = ProcessorInfo(text)
    #expect(info.model == "AMD EPYC 9B45")
    #expect(info.features == ["sse4_2", "avx2", "fma", "avx_vnni", "avx512f"])
    #expect(ProcessorInfo("").model == nil)
  }

  @Test(arguments: [("always [madvise] never", "madvise"), ("[always] madvise", "always"), ("none", nil), ("] [", nil)])
  func readsSettings(_ text: String, _ chosen: String?) { #expect(Machine.chosen(text) == chosen) }

  @Test func limitsCountBeforeFreeMemory() {
    func machine(available: Int?, limit: Int?, used: Int?) -> Machine {
      Machine(
        processor: nil, features: [], cores: 1, usableCores: 1, quota: nil, memoryTotal: 16_000_000_000,
        memoryAvailable: available, memoryLimit: limit, memoryLimitUsed: used, hugePages: nil)
    }
    #expect(machine(available: 10_000_000_000, limit: nil, used: nil).memoryForModels == 8_700_000_000)
    #expect(
      machine(available: 10_000_000_000, limit: 5_000_000_000, used: 3_000_000_000).memoryForModels == 1_500_000_000)
    #expect(machine(available: nil, limit: 1, used: 5).memoryForModels == 0)
  }

  /// File sizes of published Llama 3.1 8B GGUF files: Q4_K_M 4.92 GB, Q8_0 8.54 GB, F16 16.07 GB; the context comes on top.
  @Test(arguments: [("Q4_K_M", 4.92), ("Q8_0", 8.54), ("F16", 16.07)])
  func sizesAreThoseOfPublishedFiles(_ name: String, _ gigabytes: Double) throws {
    let bits = try #require(ModelFit.quantizations.first { $0.name == name }).bits
    let estimate = Double(ModelFit.bytes(billions: 8.03, bits: bits)) / 1e9 - 8.03 / 8
    #expect(abs(estimate - gigabytes) / gigabytes < 0.03)
    let largest = ModelFit.largest(bits: bits, memory: ModelFit.bytes(billions: 8.03, bits: bits))
    #expect(abs(largest - 8.03) < 0.001)
  }

  @Test func thisMachineCanBeDescribed() {
    let machine = Machine.current()
    #expect(machine.cores >= 1)
    #expect(machine.usableCores >= 1)
  }
}
