using StreamUsage.Capture;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Fuzz;

/// <summary>Capturing a made-up body changes no count, and keeps no more than its limit.</summary>
public sealed class CaptureFuzzTests
{
    private const int Rounds = 1500;
    private const int MaxCapturedBytes = 8 * 1024;

    private static readonly ParserSet Parsers = new([]);

    [Fact]
    public void Capture_changes_no_count_of_damaged_streams()
    {
        byte[][] bodies = [.. ProtocolFixture.All.Select(fixture => fixture.Body),
            .. RecordedStream.All("anthropic-messages", "openai-chat", "openai-responses", "gemini-interactions", "cohere-chat")
                .Select(stream => stream.Body).Where(body => body.Length < 40_000)];
        var random = new Random(6);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] body = Mutator.Mutate(bodies[random.Next(bodies.Length)], random);
            var plain = new BodyReader(new ReaderSettings(Parsers, 4096) { LearnsTemplates = false }, ApiFormat.Auto);
            var keeping = new BodyReader(new ReaderSettings(Parsers, 4096),
                ApiFormat.Auto, ResponseCapture.Create(CapturedContent.Message | CapturedContent.Events, MaxCapturedBytes, null));
            for (int at = 0; at < body.Length;)
            {
                int length = Math.Min(random.Next(1, 3000), body.Length - at);
                plain.Read(body.AsSpan(at, length));
                keeping.Read(body.AsSpan(at, length));
                at += length;
            }

            Facts(keeping).Should().Be(Facts(plain), "this body was read: {0}", Convert.ToBase64String(body));
            CapturedResponse kept = keeping.Events.TakeCaptured()!;
            long size = kept.Events!.Sum(data => (long)data.Length)
                + (kept.Message?.Content.Sum(block => (long)(block.Text ?? block.InputJson ?? "").Length) ?? 0);
            size.Should().BeLessThanOrEqualTo(MaxCapturedBytes + 2000); // A JSON string's escapes are not counted.
            plain.Release();
            keeping.Release();
        }
    }

    private static object Facts(BodyReader reader)
    {
        reader.Finish();
        return (reader.Events.Protocol, reader.Events.EventCount, reader.Events.SkippedEvents, reader.Events.OutputCharacters,
            reader.Events.HasOutput, reader.Events.IgnoredCounts, reader.Events.TakeReportedUsageJson(), reader.Events.State.Usage,
            reader.Events.State.StopReason,
            reader.Events.State.IsComplete, reader.Events.State.Error, string.Join(',', reader.Events.State.ServerToolUse));
    }
}
