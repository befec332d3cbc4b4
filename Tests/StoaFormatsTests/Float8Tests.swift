import StoaTensor
import Testing

@testable import StoaFormats

@Suite struct Float8Tests {
  /// Its bytes are the upper ones of binary16.
  @Test func fiveBitsOfExponent() {
    for (byte, value) in Float8.e5m2.values.enumerated() {
      let half = Float(Float16(bitPattern: UInt16(byte) << 8))
      #expect(value.isNaN == half.isNaN && (half.isNaN || value.bitPattern == half.bitPattern), "\(byte)")
    }
  }

  /// Its bytes but for NaN are the upper ones of binary16 with one bit of exponent less, whose bias is 8 larger.
  @Test func fourBitsOfExponent() {
    for (byte, value) in Float8.e4m3.values.enumerated() {
      if byte & 0x7F == 0x7F {
        #expect(value.isNaN)
        continue
      }
      let half = Float16(bitPattern: UInt16(byte & 0x7F) << 7)
      let expected = Float(half) * 256 * (byte < 128 ? 1 : -1)
      #expect(value.bitPattern == expected.bitPattern, "\(byte)")
    }
    #expect(Float8.e4m3.values[0x7E] == 448)
  }

  @Test(arguments: ["llama_fp8_rows", "llama_fp8_tensors"])
  func tensorsSayTheirFormat(name: String) throws {
    let checkpoint = try SafetensorsCheckpoint(path: fixture("../models/families/\(name)"))
    let down = try #require(checkpoint.tensor("model.layers.0.mlp.down_proj.weight"))
    #expect(down.float8 == (name == "llama_fp8_rows" ? .e4m3 : .e5m2))
    #expect(down.type == .i8 && down.byteCount == 32 * 64)
    #expect(checkpoint.tensor("model.norm.weight")?.float8 == nil)
  }
}
