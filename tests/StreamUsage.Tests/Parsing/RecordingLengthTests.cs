using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>The length of a transcribed recording, as servers write it.</summary>
public sealed class RecordingLengthTests
{
    [Theory]
    [InlineData("12.5", 12.5)]
    [InlineData("\"12.5\"", 12.5)]
    [InlineData("\"12.5s\"", null)]
    [InlineData("\"00:12\"", null)]
    [InlineData("\"\"", null)]
    [InlineData("{}", null)]
    public void A_transcript_is_complete_whatever_its_length_is(string duration, double? seconds)
    {
        ReadBody read = ReadBody.Of($$"""{"text":"Hi","language":"en","duration":{{duration}}}""");

        (read.Outcome, read.OutputCharacters, read.SkippedEvents).Should().Be((StreamOutcome.Completed, 2, 0));
        read.State.BilledUnits.GetValueOrDefault("audio_seconds").Should().Be((decimal)(seconds ?? 0));
    }
}
