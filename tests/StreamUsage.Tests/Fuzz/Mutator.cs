namespace StreamUsage.Tests.Fuzz;

/// <summary>Damages a body the way protocols and hostile servers do: bytes changed, left out, repeated, moved, and
/// pieces of JSON and framing put where they do not belong.</summary>
internal static class Mutator
{
    private static readonly byte[][] Insertions =
    [
        "\n"u8.ToArray(), "\r"u8.ToArray(), "\n\n"u8.ToArray(), "\r\n\r\n"u8.ToArray(), ":\n"u8.ToArray(), "data:"u8.ToArray(),
        "event: x\n"u8.ToArray(), "id:\0\n"u8.ToArray(),
        "\""u8.ToArray(), "\\"u8.ToArray(), "\\u00"u8.ToArray(), "\\ud83d"u8.ToArray(), "{"u8.ToArray(), "}"u8.ToArray(), "["u8.ToArray(),
        "]"u8.ToArray(), ","u8.ToArray(), ":"u8.ToArray(),
        "0"u8.ToArray(), "-1"u8.ToArray(), "1.5"u8.ToArray(), "99999999999999999999"u8.ToArray(), "null"u8.ToArray(), "\0"u8.ToArray(),
        "\x1f"u8.ToArray(), [0xFF], [0xE2, 0x82], [0xEF, 0xBB, 0xBF],
        "data: [DONE]\n\n"u8.ToArray(), "data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n"u8.ToArray(),
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8.ToArray(),
    ];

    public static byte[] Mutate(byte[] body, Random random)
    {
        var mutated = new List<byte>(body);
        for (int i = random.Next(0, 6); i > 0 && mutated.Count > 0; i--)
        {
            int at = random.Next(mutated.Count);
            int length = Math.Min(random.Next(1, 200), mutated.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    mutated.RemoveRange(at, length);
                    break;
                case 3:
                    mutated.InsertRange(at, mutated.GetRange(at, length));
                    break;
                case 4:
                    mutated.InsertRange(random.Next(mutated.Count), mutated.GetRange(at, length));
                    break;
                default:
                    mutated.InsertRange(at, Insertions[random.Next(Insertions.Length)]);
                    break;
            }
        }

        return [.. mutated];
    }
}
