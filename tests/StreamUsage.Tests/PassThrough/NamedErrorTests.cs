using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>Events that are named an error: their name alone says what they are.</summary>
public sealed class NamedErrorTests
{
    private static readonly string[] Beginnings =
        ["", Answers.ChatText, Answers.ClaudeStart + Answers.ClaudeText, Answers.ResponsesCreated];

    [Theory]
    [InlineData("""{"message":"boom","type":"server_error","code":"500"}""", 500, "server_error", "boom")]
    [InlineData("""{"message":"boom","status":429}""", 429, "429", "boom")]
    [InlineData("""{"type":"overloaded_error","message":"boom"}""", 529, "overloaded_error", "boom")]
    [InlineData("Internal Server Error", 502, null, "Internal Server Error")]
    [InlineData("\"boom\"", 502, null, "boom")]
    [InlineData("""{"detail":"boom"}""", 502, null, "boom")]
    [InlineData("""{"message": boom}""", 502, null, """{"message": boom}""")]
    [InlineData("", 502, null, null)]
    public void An_error_is_read_whatever_its_data_is(string data, int status, string? type, string? message)
    {
        foreach (string beginning in Beginnings)
        {
            byte[] body = Encoding.UTF8.GetBytes($"{beginning}event: error\ndata: {data}\n\n{Answers.ChatDone}");
            foreach (int pieceLength in (int[])[int.MaxValue, 1, 10, 100])
            {
                ReadBody read = ReadBody.Of(body, pieceLength: pieceLength);

                (read.Outcome, read.StatusCode).Should().Be((StreamOutcome.ProviderError, status));
                read.State.Error.Should().BeEquivalentTo(new { Type = type, Message = message });
            }
        }
    }

    [Fact]
    public void An_error_that_the_wire_says_in_its_own_way_stays_as_it_is()
    {
        ReadBody.Of(Answers.ClaudeStart + Answers.ClaudeError).State.Error
            .Should().BeEquivalentTo(new { Type = "overloaded_error", Message = "Overloaded" });
        ReadBody.Of(Answers.ChatError + "event: error\ndata: later\n\n").State.Error
            .Should().BeEquivalentTo(new { Type = "server_error", Message = "The server had an error" });
    }

    [Fact]
    public void Of_a_long_text_the_beginning_is_kept_and_the_rest_is_not()
    {
        string message = ReadBody.Of($"event: error\ndata: x{new string('\u00e4', 100_000)}\n\n").State.Error!.Message!;

        message.Should().Be("x" + new string('\u00e4', 4095));
        ReadBody.Of($"event: error\ndata: {new string('x', 2 * 1024 * 1024)}\n\n")
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.ProviderError, StatusCode = 502, SkippedEvents = 1 });
    }
}
