using System.Text;
using CustomParser;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>The sample's parser, registered as a user's: it reads its stream like a built-in one, however it is cut,
/// beside streams of other protocols.</summary>
public sealed class CustomParserTests
{
    private const string Hello = "event: hello\ndata: {\"conversation\":\"p-7\",\"parrot\":\"polly-2\"}\n\n";
    private const string Squawk = "event: squawk\ndata: {\"words\":\"Pieces of \\u0065ight!\"}\n\n";
    private const string Bill = "event: bill\ndata: {\"heard\":42,\"known\":30,\"spoken\":9}\n\n";
    private const string Bye = "event: bye\ndata: {\"because\":\"out of breath\"}\n\n";

    private static readonly ApiFormat Parrot = new("PARROT");

    [Theory]
    [InlineData("AUTO")]
    [InlineData("PARROT")]
    [InlineData("CLAUDE")]
    public async Task A_stream_of_its_wire_is_read_whole_and_byte_by_byte(string named)
    {
        byte[] body = Encoding.UTF8.GetBytes(Hello + Squawk + "data: nonsense\n\n" + Bill + Bye);
        foreach (int pieceLength in (int[])[1, 7, body.Length])
        {
            UsageRecord record = await ReadAsync(body, named, pieceLength);

            record.Should().BeEquivalentTo(new
            {
                Protocol = "parrot",
                ApiFormat = Parrot,
                Outcome = StreamOutcome.Completed,
                OutputCharacters = 16,
                EventCount = 5,
                SkippedEvents = 1,
            });
            record.Should().BeEquivalentTo(new
            {
                ResponseId = "p-7",
                ResponseModel = "polly-2",
                StopReason = "out of breath",
                InputSource = TokenSource.Reported,
                OutputSource = TokenSource.Reported,
            });
            record.Usage.Should().Be(new TokenUsage { InputTokens = 12, CacheReadInputTokens = 30, OutputTokens = 9 });
        }
    }

    [Fact]
    public async Task A_stream_without_a_bill_is_estimated_and_an_error_is_the_outcome()
    {
        (await ReadAsync(Encoding.UTF8.GetBytes(Hello + Squawk), "AUTO", 100))
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.Interrupted, OutputSource = TokenSource.Estimated });
        (await ReadAsync(Encoding.UTF8.GetBytes(Hello + "event: ouch\ndata: {\"what\":\"It bit.\"}\n\n"), "AUTO", 100))
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.ProviderError, StatusCode = 503, ErrorMessage = "It bit." });
    }

    [Fact]
    public async Task Streams_of_other_wires_are_left_to_their_parsers() => (await ReadAsync(Answers.ClaudeBytes, "PARROT", 100))
        .Should().BeEquivalentTo(new { Protocol = "anthropic-messages", ApiFormat = ApiFormat.Claude });

    private static async Task<UsageRecord> ReadAsync(byte[] body, string named, int pieceLength)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions().AddParser(Parrot, new ParrotParser()));
        await using Stream tracked = tracker.Track(
            new PiecewiseStream(body, pieceLength), new UsageContext { ApiFormat = new ApiFormat(named) }, out UsageTracking tracking);
        await tracked.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        return await tracking.Completion;
    }
}
