using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Answers in an envelope, several values in one event, and text that is said twice.</summary>
public sealed class EnvelopeTests
{
    private const string Completion =
        """{"id":"k","object":"chat.completion","model":"m","choices":"""
        + """[{"index":0,"message":{"role":"assistant","content":"The sun is up."},"finish_reason":"stop"}],"usage":{"prompt_tokens":21"""
        + ""","completion_tokens":6,"total_tokens":27}}""";
    private const string Text = """{"id":"k","object":"chat.completion.chunk","model":"m","choices":"""
        + """[{"index":0,"delta":{"content":"The sun is up."},"finish_reason":null}]}""";
    private const string Stop = """{"id":"k","object":"chat.completion.chunk","model":"m","choices":"""
        + """[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":21,"completion_tokens":6,"total_tokens":27}}""";

    [Theory]
    [InlineData("""{"success":true,"code":200,"message":"ok","data":{0}}""")]
    [InlineData("""{"result":{0},"success":true,"errors":[],"messages":[]}""")]
    [InlineData("""{"request_id":"q","module_results":{"llm":{}},"orchestration_result":{0}}""")]
    public void A_whole_answer_in_an_envelope_is_read_as_what_it_holds(string envelope)
    {
        foreach (int pieceLength in (int[])[int.MaxValue, 1])
        {
            foreach (int maxEventBytes in (int[])[1 << 20, 1])
            {
                ReadBody read = ReadBody.Of(Encoding.UTF8.GetBytes(envelope.Replace("{0}", Completion, StringComparison.Ordinal)),
                    pieceLength: pieceLength, maxEventBytes: maxEventBytes);

                read.Should().BeEquivalentTo(new
                {
                    Protocol = "openai-chat",
                    Outcome = StreamOutcome.Completed,
                    Counts = "in 21 read 0 write 0 (0+0) out 6 reasoning -",
                    OutputCharacters = 14,
                });
            }
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    [InlineData(50)]
    public void A_stream_in_envelopes_is_read_as_what_they_hold(int pieceLength)
    {
        string body = ReadBody.Sse(
            """{"request_id":"q","intermediate_results":{"templating":[]}}""", $$"""{"request_id":"q","final_result":{{Text}} }""",
            $$"""{"request_id":"q","final_result":{{Text}} }""", $$"""{"request_id":"q","final_result":{{Stop}} }""", "[DONE]");
        ReadBody read = ReadBody.Of(body, pieceLength: pieceLength);

        read.Should().BeEquivalentTo(new
        {
            Protocol = "openai-chat",
            Outcome = StreamOutcome.Completed,
            Counts = "in 21 read 0 write 0 (0+0) out 6 reasoning -",
            OutputCharacters = 28,
            State = new { StopReason = "stop", ResponseId = "k" },
        });
    }

    [Fact]
    public void An_error_amid_envelopes_is_one()
    {
        ReadBody read = ReadBody.OfEvents($$"""{"final_result":{{Text}} }""", """{"success":false,"errors":[{"message":"down"}]}""");

        (read.Outcome, read.State.Error?.Message).Should().Be((StreamOutcome.ProviderError, "down"));
    }

    [Theory]
    [InlineData("""{"data":{"error":{"message":"down","code":503}}}""")]
    [InlineData("""{"request_id":"q","final_result":{"error_code":503,"msg":"down"}}""")]
    public void An_envelope_with_nothing_but_an_error_is_one(string body)
    {
        foreach (string framed in (string[])[body, ReadBody.Sse(body)])
        {
            ReadBody read = ReadBody.Of(framed);

            (read.Outcome, read.StatusCode, read.State.Error?.Message).Should().Be((StreamOutcome.ProviderError, 503, "down"));
        }
    }

    [Fact]
    public void What_has_a_protocol_of_its_own_is_no_envelope() =>
        ReadBody.Of("""{"object":"list","model":"m","data":[{"embedding":[1]}],"result":{"choices":[]},"usage":{"prompt_tokens":5"""
            + ""","total_tokens":5}}""").Protocol.Should().Be("openai-embeddings");

    [Theory]
    [InlineData("\n")]
    [InlineData("\ndata: ")]
    [InlineData("")]
    public void Each_of_several_values_in_one_event_is_read_and_what_cannot_be_is_counted(string separator)
    {
        string body = "data: " + string.Join(separator, Text, "{broken}", Stop, "[DONE]") + "\n\n";
        foreach (int pieceLength in (int[])[int.MaxValue, 1])
        {
            ReadBody read = ReadBody.Of(
                body.Replace("\n{", "\ndata: {", StringComparison.Ordinal).Replace("\n[", "\ndata: [", StringComparison.Ordinal),
                pieceLength: pieceLength);

            read.Should().BeEquivalentTo(new
            {
                EventCount = 1,
                SkippedEvents = 1,
                Outcome = StreamOutcome.Completed,
                OutputCharacters = 14,
                Counts = "in 21 read 0 write 0 (0+0) out 6 reasoning -",
            });
        }
    }

    [Theory]
    [InlineData("{\"id\":\"k", 0)]
    [InlineData("{\"id\":{", 0)]
    [InlineData("{\"id\":\"k", 1)]
    [InlineData("{\"id\":{", 1)]
    [InlineData("{\"id\":[{", 2)]
    public void A_line_that_breaks_off_costs_itself_alone(string broken, int before)
    {
        string[] lines = [Text, Stop, "[DONE]"];
        string body = "data: " + string.Join("\ndata: ", [.. lines[..before], broken, .. lines[before..]]) + "\n\n";
        foreach (int pieceLength in (int[])[int.MaxValue, 1])
        {
            ReadBody read = ReadBody.Of(body, pieceLength: pieceLength);

            read.Should().BeEquivalentTo(new
            {
                EventCount = 1,
                SkippedEvents = 1,
                Outcome = StreamOutcome.Completed,
                OutputCharacters = 14,
                Counts = "in 21 read 0 write 0 (0+0) out 6 reasoning -",
            });
        }
    }

    [Fact]
    public void Many_lines_that_break_off_are_read_in_bounded_time()
    {
        string body = $"data: {Text}\n" + string.Concat(Enumerable.Repeat("data: {\n", 60_000)) + "\n";
        TimeSpan start = ThreadTime.Now;

        ReadBody.Of(body).Should().BeEquivalentTo(new { EventCount = 1, SkippedEvents = 1, OutputCharacters = 14 });

        (ThreadTime.Now - start).Should().BeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Of_several_values_that_the_end_cuts_off_the_whole_ones_are_read()
    {
        string body = $"data: {Text}\ndata: {Stop}\ndata: [DO";

        ReadBody.Of(body).Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.Completed,
            OutputCharacters = 14,
            Counts = "in 21 read 0 write 0 (0+0) out 6 reasoning -",
            SkippedEvents = 0,
        });
    }

    [Fact]
    public void An_endless_event_of_many_values_is_read_as_it_passes()
    {
        string body = string.Concat(Enumerable.Repeat($"data: {Text}\n", 500)) + $"data: {Stop}\ndata: [DONE]\n";

        foreach (int pieceLength in (int[])[int.MaxValue, 1000])
        {
            ReadBody.Of(Encoding.UTF8.GetBytes(body), pieceLength: pieceLength, maxEventBytes: 8 * 1024)
                .Should().BeEquivalentTo(new
                {
                    EventCount = 1,
                    SkippedEvents = 0,
                    Outcome = StreamOutcome.Completed,
                    OutputCharacters = 500 * 14,
                    Counts = "in 21 read 0 write 0 (0+0) out 6 reasoning -",
                });
        }
    }

    [Theory]
    [InlineData("""{"choices":[{"index":0,"text":"The sun","finish_reason":null,"delta":{"role":"assistant","content":"The sun"}}]}""", 7)]
    [InlineData("""{"choices":[{"index":0,"delta":{"content":"The sun"},"text":"The sun"}]}""", 7)]
    [InlineData("""{"choices":[{"index":0,"text":"The sun"}]}""", 7)]
    [InlineData("""{"choices":[{"index":0,"text":"The sun","delta":{}}]}""", 7)]
    public void Text_beside_a_delta_counts_once(string chunk, int characters) =>
        ReadBody.OfEvents(chunk).OutputCharacters.Should().Be(characters);
}
