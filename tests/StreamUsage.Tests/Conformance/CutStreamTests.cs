using System.Text;
using FluentAssertions.Execution;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>
/// Every recorded stream cut after its events and in the middle of them, ended in each of the three ways: the outcome,
/// the reported parts, the estimate and the bytes are right. Of a stream of many events some are chosen, and a long
/// one's cuts take turns at the endings, unless the environment variable STREAMUSAGE_CUT_EVERYWHERE is 1.
/// </summary>
public sealed class CutStreamTests
{
    private const int MaxBoundaries = 150;
    private const int RandomCuts = 50;
    private const int LongBody = 100_000;

    private static readonly bool CutsEverywhere = Environment.GetEnvironmentVariable("STREAMUSAGE_CUT_EVERYWHERE") == "1";

    private static readonly string[] OwnStreams =
    [
        Answers.Claude,
        Answers.ClaudeStart + Answers.ClaudeText + Answers.ClaudeError,
        Answers.ChatText + Answers.ChatError + Answers.ChatDone,
        Answers.ResponsesCreated + Answers.ResponsesFailed,
    ];

    public enum Ending
    {
        EndOfBody,
        ReaderLeaves,
        BodyBreaks,
    }

    [Theory]
    [MemberData(nameof(RecordedStreamTests.Streams), MemberType = typeof(RecordedStreamTests))]
    public Task A_recorded_stream_cut_anywhere_gives_the_record_of_what_was_there(string format, string name)
    {
        SharedFiles.Require("corpus", format);
        return VerifyAsync(RecordedStream.All(format).Single(s => s.Name == name).Body);
    }

    [Fact]
    public async Task An_answer_cut_anywhere_gives_the_record_of_what_was_there()
    {
        foreach (string stream in OwnStreams)
        {
            await VerifyAsync(Encoding.UTF8.GetBytes(stream));
        }
    }

    private static async Task VerifyAsync(byte[] body)
    {
        var random = new Random(body.Length);
        int[] boundaries = Boundaries(body);
        int[] sample = [.. boundaries];
        if (sample.Length > MaxBoundaries && !CutsEverywhere)
        {
            random.Shuffle(sample);
            sample = sample[..MaxBoundaries];
        }

        int[] cuts = [0, .. sample, .. Enumerable.Range(0, RandomCuts).Select(_ => random.Next(1, body.Length))];
        int[] distinct = [.. cuts.Distinct().Order()];
        int checkedCuts = 0;
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink, Track.ByCharacters);
        foreach ((int cut, CutExpectation expected) in CutExpectation.Of(body, boundaries, distinct))
        {
            Ending[] endings = body.Length > LongBody && !CutsEverywhere ? [(Ending)(checkedCuts % 3)] : Enum.GetValues<Ending>();
            checkedCuts++;
            foreach (Ending ending in endings)
            {
                UsageRecord record = await ReadAsync(tracker, body, cut, ending, random);
                using var scope = new AssertionScope($"cut at {cut} of {body.Length}, {ending}");
                Verify(record, expected, cut, ending);
                sink.Records.Should().Equal(record);
                sink.Records.Clear();
            }
        }

        checkedCuts.Should().Be(distinct.Length);
    }

    // The end of the first blank line after each event.
    private static int[] Boundaries(byte[] body)
    {
        string text = Encoding.Latin1.GetString(body);
        return [.. System.Text.RegularExpressions.Regex.Matches(text, "\n\n|\r\n\r\n").Select(match => match.Index + match.Length)];
    }

    private static async Task<UsageRecord> ReadAsync(UsageTracker tracker, byte[] body, int cut, Ending ending, Random random)
    {
        Stream tracked = tracker.Track(new CutStream(body, cut, ending), Track.Nothing, out UsageTracking tracking);
        var buffer = new byte[random.Next(2) == 0 ? 1400 : 16 * 1024];
        bool isSame = true;
        int seen = 0;
        try
        {
            // A reader that leaves knows nothing of the end.
            for (int length = 1; length != 0 && (ending != Ending.ReaderLeaves || seen < cut); seen += length)
            {
                length = await tracked.ReadAsync(buffer);
                isSame &= buffer.AsSpan(0, length).SequenceEqual(body.AsSpan(seen, length));
            }

            ending.Should().NotBe(Ending.BodyBreaks);
        }
        catch (IOException) when (ending == Ending.BodyBreaks)
        {
        }

        await tracked.DisposeAsync();
        (isSame, seen).Should().Be((true, cut), "the reader sees the bytes");
        return await tracking.Completion;
    }

    private static void Verify(UsageRecord record, CutExpectation expected, int cut, Ending ending)
    {
        record.BytesReceived.Should().Be(cut);
        (record.Outcome, record.Status).Should().Be(
            expected.HasError ? (StreamOutcome.ProviderError, UsageStatus.Failed)
            : expected.IsComplete ? (StreamOutcome.Completed, UsageStatus.Completed)
            : ending == Ending.ReaderLeaves ? (StreamOutcome.ClientAborted, UsageStatus.Cancelled)
            : ending == Ending.BodyBreaks ? (StreamOutcome.Interrupted, UsageStatus.Failed)
            : expected.IsSilent ? (StreamOutcome.Empty, UsageStatus.Failed)
            : expected.Protocol is null ? (StreamOutcome.Unreadable, UsageStatus.Failed)
            : (StreamOutcome.Interrupted, UsageStatus.Failed));
        if (!expected.HasError)
        {
            record.StatusCode.Should().Be(record.Outcome switch
            {
                StreamOutcome.Completed => 200,
                StreamOutcome.ClientAborted => 499,
                StreamOutcome.Empty => 503,
                _ => 502,
            });
        }

        record.Protocol.Should().Be(expected.Protocol);
        record.EventCount.Should().Be(expected.Events);
        record.InputSource.Should().Be(expected.TotalInput is null ? TokenSource.None : TokenSource.Reported);
        record.Usage.TotalInputTokens.Should().Be(expected.TotalInput ?? 0);
        record.Usage.CacheReadInputTokens.Should().Be(expected.CacheRead ?? 0);
        if (expected.Output is { } output)
        {
            record.OutputSource.Should().Be(TokenSource.Reported);
            record.Usage.OutputTokens.Should().Be(output);
        }
        else
        {
            // Nothing is reported but a placeholder, which the estimate is never below; text that was seen is never
            // free.
            bool isFree = record.Outcome is StreamOutcome.Completed or StreamOutcome.ProviderError
                && record.OutputCharacters == 0 && record.InputSource == TokenSource.None;
            record.OutputSource
                .Should().Be(!isFree && (expected.Characters > 0 || expected.LowerBound > 0) ? TokenSource.Estimated : TokenSource.None);
            record.Usage.OutputTokens.Should().BeGreaterThanOrEqualTo(isFree
                ? 0 : Math.Max(expected.LowerBound, expected.UncountedCharacters > 0 ? Math.Max(1, expected.UncountedCharacters / 4) : 0));
            record.Usage.OutputTokens.Should().BeLessThanOrEqualTo(expected.LowerBound + Math.Max(1, record.OutputCharacters / 4));
        }

        record.OutputCharacters.Should().BeGreaterThanOrEqualTo(expected.Characters);
    }

    /// <summary>The beginning of a body, and then its end.</summary>
    private sealed class CutStream(byte[] body, int cut, Ending ending) : MemoryStream(body, 0, cut)
    {
        private static readonly IOException Reset = new("reset");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int length = Read(buffer.Span);
            return length == 0 && ending == Ending.BodyBreaks ? throw Reset : new(length);
        }
    }
}
