using System.Text;

namespace StreamUsage.Soak.Scripts;

/// <summary>Bodies that are no answer of a model.</summary>
internal static class Garbage
{
    public static Script Create(Random random) => random.Next(6) switch
    {
        0 => Script.Unreadable(Bytes(random)),
        1 => Script.Unreadable("<html><head><title>502 Bad Gateway</title></head><body>"
            + string.Concat(Enumerable.Repeat("<p>gateway – ", random.Next(1, 2_000))) + "</body></html>"),
        2 => Script.Unreadable("""{"hello":"world","n":[1,2,3]}"""),
        3 => Script.Unreadable("event: greeting\ndata: hello\n\ndata: {\"foo\":1}\n\n: comment\n\ndata: [1,2]\n\n"),
        4 => Script.Unreadable(new string('\n', random.Next(1, 5_000)) + "upstream request timeout"),
        _ => Script.Unreadable("{\"id\":\"chatcmpl-1\",\"object\":\"chat.comp" + new string('x', random.Next(1, 3_000))),
    };

    /// <summary>A refusal's body: an error object, or a gateway's page.</summary>
    public static Script CreateRefusal(Random random) => new(
        Encoding.UTF8.GetBytes(random.Next(3) == 0 ? "<html>Too many requests</html>" : """{"type":"error","error":"""
            + """{"type":"rate_limit_error","message":"as the script has it"}}"""), null, ApiFormat.Auto, []);

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[random.Next(1, 20_000)];
        random.NextBytes(bytes);
        bytes[0] = 0x1F;
        return bytes;
    }
}
