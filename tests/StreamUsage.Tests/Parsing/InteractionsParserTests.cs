using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>A whole Gemini interaction, as it is fetched: its turns, its errors and its status.</summary>
public sealed class InteractionsParserTests
{
    private const string Usage = """{"total_input_tokens":40,"total_output_tokens":9,"total_tokens":49}""";

    [Fact]
    public void Searches_and_errors_of_earlier_turns_are_not_those_of_the_last()
    {
        ReadBody read = ReadBody.Of("""{"id":"v1_a","object":"interaction","status":"completed","steps":[{"type":"user_input"},"""
            + """{"type":"google_search_call","id":"s1","arguments":{"queries":["a","b","c"]}},{"type":"google_search_result"},"""
            + """{"type":"model_output","content":[{"type":"text","text":"Three."}],"error":{"code":13,"message":"m"}},"""
            + """{"type":"user_input"},{"type":"google_search_call","id":"s2","arguments":{"queries":["d"]}},"""
            + """{"type":"model_output","content":[{"type":"text","text":"Four."}]}],"usage":""" + Usage + "}");

        read.Outcome.Should().Be(StreamOutcome.Completed);
        read.State.ServerToolUse.Should().Equal(new Dictionary<string, long> { ["google_search_requests"] = 1 });
    }

    [Fact]
    public void An_error_outside_of_the_steps_is_that_of_the_interaction()
    {
        ReadBody read = ReadBody.Of("""{"object":"interaction","error":{"message":"No more."},"steps":[{"type":"user_input"},"""
            + """{"type":"model_output","content":[{"type":"text","text":"Four."}]}],"usage":""" + Usage + "}");

        (read.Outcome, read.State.Error?.Message).Should().Be((StreamOutcome.ProviderError, "No more."));
    }

    [Fact]
    public void A_queued_interaction_is_pending_only_until_it_is_completed()
    {
        const string Queued = """{"object":"interaction","id":"v1_a","status":"queued"}""" + "\n";

        ReadBody.Of(Queued).Outcome.Should().Be(StreamOutcome.Pending);
        ReadBody.Of(Queued + """{"object":"interaction","id":"v1_a","status":"completed","usage":""" + Usage + "}\n")
            .Outcome.Should().Be(StreamOutcome.Completed);
    }
}
