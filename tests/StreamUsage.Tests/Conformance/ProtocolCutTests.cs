using System.Text.Json;
using FluentAssertions.Execution;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>
/// Bodies of the smaller protocols, the recorded ones and the project's own, cut after their events and in the middle
/// of them, ended in each of the three ways: one record each, of the right outcome.
/// </summary>
public sealed class ProtocolCutTests
{
    private const int MaxCuts = 120;
    private const int RandomCuts = 40;

    public enum Ending
    {
        EndOfBody,
        ReaderLeaves,
        BodyBreaks,
    }

    [Theory]
    [MemberData(nameof(RecordedStreamTests.Bodies), MemberType = typeof(RecordedStreamTests))]
    public Task A_recorded_body_cut_anywhere_gives_one_record_of_the_right_outcome(string format, string name)
    {
        RecordedStream stream = RecordedStreamTests.Find(format, name);
        return VerifyAsync(
            stream.Body, AnswerEnd.MarkOf(stream), stream.Expected.Error is null ? StreamOutcome.Completed : StreamOutcome.ProviderError);
    }

    [Theory]
    [MemberData(nameof(ProtocolFixture.Names), MemberType = typeof(ProtocolFixture))]
    public Task A_body_cut_anywhere_gives_one_record_of_the_right_outcome(string family, string name)
    {
        ProtocolFixture fixture = ProtocolFixture.Find(family, name);
        string mark = fixture.Expected.TryGetProperty("end", out JsonElement end) ? end.GetString()! : "";
        return VerifyAsync(fixture.Body, mark, Enum.Parse<StreamOutcome>(fixture.Expected.GetProperty("outcome").GetString()!));
    }

    private static async Task VerifyAsync(byte[] body, string mark, StreamOutcome whole)
    {
        var random = new Random(body.Length);
        int completeAt = AnswerEnd.Find(body, mark);
        int[] boundaries = AnswerEnd.Boundaries(body);
        random.Shuffle(boundaries);
        int[] cuts = [0, 1, body.Length - 1, completeAt - 1, completeAt, .. boundaries.Take(MaxCuts), .. Enumerable.Range(0, RandomCuts)
            .Select(_ => random.Next(body.Length))];
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink, Track.ByCharacters);
        foreach (int cut in cuts.Distinct().Order())
        {
            foreach (Ending ending in Enum.GetValues<Ending>())
            {
                UsageRecord record = await ReadAsync(tracker, body, cut, ending);
                using var scope = new AssertionScope($"cut at {cut} of {body.Length} ({completeAt} is complete), {ending}");
                Verify(record, cut >= completeAt ? whole : null, cut, ending);
                sink.Records.Should().Equal(record);
                sink.Records.Clear();
            }
        }
    }

    private static void Verify(UsageRecord record, StreamOutcome? whole, int cut, Ending ending)
    {
        record.BytesReceived.Should().Be(cut);
        if (whole is { } outcome)
        {
            record.Outcome.Should().Be(outcome);
            return;
        }

        StreamOutcome[] expected = ending switch
        {
            Ending.ReaderLeaves => [StreamOutcome.ClientAborted],
            Ending.BodyBreaks => [StreamOutcome.Interrupted],
            _ => cut == 0 ? [StreamOutcome.Empty]
                : record.Protocol is null ? [StreamOutcome.Unreadable, StreamOutcome.Empty] : [StreamOutcome.Interrupted],
        };
        expected.Should().Contain(record.Outcome);
        if (record.OutputCharacters > 0)
        {
            record.OutputSource.Should().NotBe(TokenSource.None, "text that was seen is never free");
            record.Usage.OutputTokens.Should().BePositive();
        }
    }

    private static async Task<UsageRecord> ReadAsync(UsageTracker tracker, byte[] body, int cut, Ending ending)
    {
        Stream tracked = tracker.Track(new CutStream(body, cut, ending), Track.Nothing, out UsageTracking tracking);
        var buffer = new byte[1400];
        int seen = 0;
        try
        {
            // A reader that leaves knows nothing of the end.
            for (int length = 1; length != 0 && (ending != Ending.ReaderLeaves || seen < cut); seen += length)
            {
                length = await tracked.ReadAsync(buffer);
            }
        }
        catch (IOException) when (ending == Ending.BodyBreaks)
        {
        }

        await tracked.DisposeAsync();
        return await tracking.Completion;
    }

    /// <summary>The beginning of a body, and then its end.</summary>
    private sealed class CutStream(byte[] body, int cut, Ending ending) : MemoryStream(body, 0, cut)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int length = Read(buffer.Span);
            return length == 0 && ending == Ending.BodyBreaks ? throw new IOException("reset") : new(length);
        }
    }
}
