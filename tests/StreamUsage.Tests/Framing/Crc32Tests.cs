using CsCheck;
using StreamUsage.Framing.EventStreams;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Framing;

public sealed class Crc32Tests
{
    [Fact]
    public void The_check_value_of_the_standard_comes_out()
    {
        Crc32.Append(0, "123456789"u8).Should().Be(0xCBF43926);
        Crc32.Append(0, []).Should().Be(0);
    }

    [Fact]
    public void Any_bytes_in_any_pieces_have_the_checksum_of_the_definition() =>
        Gen.Byte.Array[0, 200].Select(Gen.Int[0, 200], (bytes, cut) => (bytes, Cut: Math.Min(cut, bytes.Length)))
            .Sample(
                t => Crc32.Append(Crc32.Append(0, t.bytes.AsSpan(0, t.Cut)), t.bytes.AsSpan(t.Cut)) == EventStreamBytes.Checksum(t.bytes),
                iter: 500);
}
