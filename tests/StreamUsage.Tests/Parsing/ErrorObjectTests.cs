using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Errors under all the names that providers use.</summary>
public sealed class ErrorObjectTests
{
    [Theory]
    [InlineData("""{"type":"error","message":"no object around it"}""")]
    [InlineData("""{"type":"error","error":{"message":"no object around it"}}""")]
    public void An_error_that_is_all_of_a_body_is_the_providers(string body)
    {
        ReadBody read = ReadBody.Of(body);

        read.Outcome.Should().Be(StreamOutcome.ProviderError);
        read.StatusCode.Should().Be(502);
        read.State.Error!.Message.Should().Be("no object around it");
    }

    [Theory]
    [InlineData("""{"type":"overloaded_error","message":"m"}""", "overloaded_error", "m", 529)]
    [InlineData("""{"code":429,"message":"m"}""", "429", "m", 429)]
    [InlineData("""{"code":"429","message":"m"}""", "429", "m", 429)]
    [InlineData("""{"status":503,"type":"t"}""", "t", null, 503)]
    [InlineData("""{"status_code":400}""", "400", null, 400)]
    [InlineData("""{"status_code":"599"}""", "599", null, 599)]
    [InlineData("""{"code":399,"type":"t"}""", "t", null, null)]
    [InlineData("""{"code":600,"type":"t"}""", "t", null, null)]
    [InlineData("""{"code":"429x","type":"t"}""", "t", null, null)]
    [InlineData("""{"code":429.5,"type":"t"}""", "t", null, null)]
    [InlineData("""{"code":429,"type":"overloaded_error"}""", "overloaded_error", null, 429)]
    [InlineData("""{"code":"rate_limit_exceeded","type":"requests"}""", "requests", null, 429)]
    [InlineData("""{"code":"insufficient_quota"}""", "insufficient_quota", null, 429)]
    [InlineData("""{"code":null,"type":null,"message":null}""", null, null, null)]
    [InlineData("""{"status":"RESOURCE_EXHAUSTED","code":429,"message":"m","details":[{"code":500}]}""", "RESOURCE_EXHAUSTED", "m", 429)]
    [InlineData("""{"metadata":{"code":500},"message":{"text":"m"},"type":["t"]}""", null, null, null)]
    [InlineData("\"said in a word\"", null, "said in a word", null)]
    [InlineData("""{"code":"rate_limit_exceeded","status":"error"}""", "rate_limit_exceeded", null, 429)]
    [InlineData("""{"status":"error","code":"rate_limit_exceeded"}""", "rate_limit_exceeded", null, 429)]
    [InlineData("""{"status":"RESOURCE_EXHAUSTED","code":"quota"}""", "quota", null, 429)]
    [InlineData("{}", null, null, null)]
    public void An_error_is_read_whatever_its_names(string json, string? type, string? message, int? status) =>
        Read(json).Should().Be(new ProviderError { Type = type, Message = message, StatusCode = status });

    [Theory]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("\"\"")]
    [InlineData("0")]
    [InlineData("[]")]
    public void What_says_no_error_is_none(string json) => Read(json).Should().BeNull();

    [Fact]
    public void The_first_error_stands_and_a_later_one_fills_in_what_it_left_open()
    {
        UsageAccumulator state = default(UsageAccumulator).WithError(new ProviderError { Message = "first" })
            .WithError(new ProviderError { Type = "t", Message = "second", StatusCode = 429 });

        state.Error.Should().Be(new ProviderError { Type = "t", Message = "first", StatusCode = 429 });
    }

    private static ProviderError? Read(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return ErrorObject.Read(ref reader);
    }
}
