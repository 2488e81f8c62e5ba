using System.Text;
using StreamUsage.Capture;
using StreamUsage.Diagnostics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>Made-up headers, messages and ids: no value of an unknown name is kept, no secret with a known form, and no
/// logged value leaves its line. Seconds unless STREAMUSAGE_FUZZ_SECONDS says how many.</summary>
[Collection(AloneCollection.Name)] // Measures time.
public sealed class HeaderFuzzTests(ITestOutputHelper output)
{
    private const string Canary = "Zq7Zq7";

    private static readonly string[] Words =
    [
        "x", "api", "key", "token", "auth", "authorization", "forwarded", "cookie", "session", "id", "request", "ratelimit", "rate",
        "limit", "content", "type", "accept", "amz", "goog", "signature", "jwt",
        "assertion", "client", "secret", "principal", "data", "remaining", "tokens", "password", "cert",
    ];

    private static readonly string[] Noise =
    [
        " ", "\n", "\r\n", "\t", "\0", "\u001b[31m", "\u202e", "\u2028", "\ud800", "😀", "the", "Error:", "https://host.test/path", "/v1/x",
        "{\"a\":\"b\"}", "\\\"", "&amp;", "<a>", "'", ",", ";", "=", ":", "?", "#", "@", "%20", "...", "é",
    ];

    private static readonly string[] Secrets =
    [
        $"sk-{Canary}abcdef", $"AIza{Canary}abcdef", $"Bearer {Canary}", $"https://u:{Canary}@host.test/",
        $"https://host.test/a?key={Canary}", $"?sig={Canary}", $"api_key={Canary}", $"\"password\":\"{Canary}\"",
        $"authorization: Basic {Canary}", $"eyJ{Canary}ab.{Canary}.{Canary}", $"cookie: a={Canary}", $"client_secret={Canary}",
    ];

    [Fact]
    public void Made_up_headers_and_messages_keep_no_secret_and_forge_no_line()
    {
        var redaction = new HeaderRedaction(new Dictionary<string, bool>());
        TimeSpan longest = default;
        long rounds = 0;
        foreach (int seed in FuzzTime.Rounds(unlessTimed: 20_000))
        {
            var random = new Random(seed);
            string name = string.Join(
                random.Next(4) == 0 ? '_' : '-', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Words[random.Next(Words.Length)]));
            string kept = redaction.Redact(new Dictionary<string, string> { [name] = $"https://host.test/?{Canary}" })![name];
            kept.Should().NotContain(Canary);
            bool isSecret = name.Split('-', '_').Any(word => word is "key"
                or "token" or "authorization" or "cookie" or "session" or "signature" or "assertion" or "secret" or "password");
            (kept == "***").Should().Be(isSecret || !HarmlessHeaders.Contains(name), name);

            string text = MakeText(random);
            TimeSpan start = ThreadTime.Now;
            string masked = SecretMask.Message(text)!;
            TimeSpan time = ThreadTime.Now - start;
            longest = time > longest ? time : longest;
            masked.Should().NotContain(Canary, "seed {0}: {1}", seed, text);
            masked.Length.Should().BeLessThanOrEqualTo(4096);

            string logged = LogText.Escape(text)!;
            logged.Length.Should().BeLessThanOrEqualTo(LogText.MaxLength + 1);
            logged.Should().NotContainAny("\n", "\r", "\0", "\u001b", "\u202e", "\u2028", "\ud800\u0020");
            rounds++;
        }

        output.WriteLine($"{rounds} rounds: the longest masking took {longest.TotalMilliseconds:F2} ms");
    }

    // A secret stands by itself: what is glued to a word is a part of that word.
    private static string MakeText(Random random)
    {
        var text = new StringBuilder();
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            text.Append(Noise[random.Next(Noise.Length)]);
            if (random.Next(3) == 0)
            {
                text.Append(' ').Append(Secrets[random.Next(Secrets.Length)]).Append(' ');
            }
            else if (random.Next(20) == 0)
            {
                text.Append(Noise[random.Next(Noise.Length)][0], random.Next(6000));
            }
        }

        return text.ToString();
    }
}
