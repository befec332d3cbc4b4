import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaTensor
import StoaTerminal

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what this machine can run, and whether everything is in its place.",
    discussion: "Looks at the processor, memory and their limits, the library and the bundled model. Changes nothing.")

  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func run() throws {
    let machine = Machine.current()
    let library = ModelLibrary()
    let selected = Result { try InstructionSet.selected() }
    let primer = Result { try library.primer() }
    if json { return try printJSON(machine, library, try? selected.get(), try? primer.get()) }

    let style = Terminal.current().style(for: .output)
    var rows: [(String, String)] = [("stoa", "\(StoaVersion.current) · \(Self.system())")]
    rows.append(("processor", PrintableText.line(machine.processor ?? "unknown")))
    rows.append(("", style.dim(machine.features.joined(separator: " "))))
    rows.append(("cores", Self.cores(machine)))
    switch selected {
    case .success(let set):
      let others = InstructionSet.available.filter { $0 != set }.map(\.rawValue).joined(separator: ", ")
      rows.append(
        ("kernels", style.green(set.rawValue) + style.dim(others.isEmpty ? "" : "  STOA_ISA takes also \(others)")))
    case .failure(let error):
      rows.append(("kernels", style.red(FailureReport(error).message ?? "none")))
    }
    rows.append(("memory", Self.memory(machine)))
    rows.append(("huge pages", machine.hugePages ?? "unknown"))
    let models = (try? library.list()) ?? []
    let bytes = models.reduce(0) { $0 + $1.bytes }
    rows.append(
      (
        "library",
        "\(PrintableText.line(library.home.models)) · \(Format.plural(models.count, "model")), \(Format.bytes(bytes))"
      ))
    switch primer {
    case .success(let model): rows.append(("primer", PrintableText.line(model.path)))
    case .failure: rows.append(("primer", style.red("not found") + "  set STOA_PRIMER to primer-q8_0.gguf"))
    }
    for line in Columns.align(rows.map { [style.dim($0.0), $0.1] }) { try Output.write(line + "\n") }
    if let memory = machine.memoryForModels { try printFit(memory, style) }
  }

  private func printFit(_ memory: Int, _ style: Style) throws {
    try Output.write(
      "\n" + style.bold("What fits")
        + style.dim("  in the \(Format.bytes(memory)) that are free, with a context of 8,192\n"))
    var rows = [[""] + ModelFit.sizes.map { "\(Int($0)) B" } + ["largest"]]
    for (name, bits) in ModelFit.quantizations {
      let marks = ModelFit.sizes.map { ModelFit.bytes(billions: $0, bits: bits) <= memory ? "✓" : "–" }
      let largest = ModelFit.largest(bits: bits, memory: memory)
      rows.append([name] + marks + [Format.decimal(largest, 1) + " B"])
    }
    let lines = Columns.align(rows, rightAligned: Set(1...ModelFit.sizes.count + 1))
    for line in lines { try Output.write("  " + line + "\n") }
  }

  private static func cores(_ machine: Machine) -> String {
    var text = "\(machine.usableCores) of \(machine.cores) usable"
    if let quota = machine.quota { text += " · quota of the control group: \(Format.decimal(quota, 1))" }
    return text
  }

  private static func memory(_ machine: Machine) -> String {
    var parts: [String] = []
    if let total = machine.memoryTotal { parts.append(Format.bytes(total)) }
    if let available = machine.memoryAvailable { parts.append("\(Format.bytes(available)) available") }
    if let limit = machine.memoryLimit {
      let used = machine.memoryLimitUsed.map { ", \(Format.bytes($0)) in use" } ?? ""
      parts.append("limit of the control group: \(Format.bytes(limit))\(used)")
    }
    return parts.isEmpty ? "unknown" : parts.joined(separator: " · ")
  }

  private static func system() -> String {
    #if arch(x86_64)
      let architecture = "x86-64"
    #elseif arch(arm64)
      let architecture = "arm64"
    #else
      let architecture = "another architecture"
    #endif
    let release = Machine.text("/proc/sys/kernel/osrelease")?.trimmingCharacters(in: .whitespacesAndNewlines)
    return (release.map { "Linux \(PrintableText.line($0)) · " } ?? "") + architecture
  }

  private func printJSON(
    _ machine: Machine, _ library: ModelLibrary, _ selected: InstructionSet?, _ primer: ModelLocation?
  ) throws {
    let fits = machine.memoryForModels.map { memory in
      JSONValue.object(
        JSONObject(
          ModelFit.quantizations.map { name, bits in
            (name, .int(Int(ModelFit.largest(bits: bits, memory: memory) * 1e9)))
          }))
    }
    try JSONValue.object([
      "version": .string(StoaVersion.current),
      "processor": .text(machine.processor),
      "features": .array(machine.features.map(JSONValue.string)),
      "cores": .int(machine.cores),
      "threads": .int(machine.usableCores),
      "quota": machine.quota.map(JSONValue.double) ?? .null,
      "isa": .text(selected?.rawValue),
      "isa_available": .array(InstructionSet.available.map { .string($0.rawValue) }),
      "memory": .number(machine.memoryTotal),
      "memory_available": .number(machine.memoryAvailable),
      "memory_limit": .number(machine.memoryLimit),
      "huge_pages": .text(machine.hugePages),
      "library": .string(library.home.models),
      "primer": .text(primer?.path),
      "largest_parameters": fits ?? .null,
    ]).print()
  }
}
