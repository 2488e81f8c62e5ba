using System.Text;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Estimation;

/// <summary>1 MiB of anything is estimated in memory that is bounded, and in work that is too: without the cuts the
/// tokenizer would take minutes over most of these. (The benchmark <c>estimate</c> has the times.)</summary>
[Collection(AloneCollection.Name)]
public sealed class HostileEstimateTests
{
    private const int Size = 1024 * 1024;
    private const long MaxAllocated = 4 * 1024 * 1024;

    private static readonly ModelTokenEstimator Estimator = new();

    public static TheoryData<string, string> Texts
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string model in new[] { "gpt-4o", "gpt-4", "claude-sonnet-4-5" })
            {
                foreach (string unit in new[]
                {
                    "The prose of a book, and so on. ",
                    "a",
                    "qzkxvwj",
                    "iVBORw0KGgo",
                    " ",
                    "😀",
                    "旧图书馆",
                    "=-",
                    "7",
                    "aé",
                    "!😀",
                    "\u0301",
                    "\\n",
                    "\\u4e2d",
                    "\\\\",
                })
                {
                    data.Add(model, unit);
                }
            }

            return data;
        }
    }

    public static TheoryData<string, string, string> Bodies => new()
    {
        { """{"messages":[""", """{"role":"user","content":"a"},""", """{}]}""" },
        { """{"messages":[{"role":"user","content":[""", "\"a\",", "\"\"]}]}" },
        { """{"tools":[""", "{},", "{}]}" },
        { """{"tools":[""",
            """{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}},""",
            "{}]}" },
        { """{"tools":[{"name":"f","parameters":{"properties":{""", "\"a\":{\"type\":\"string\",\"enum\":[\"x\"]},", "\"z\":{}}}}]}" },
        { """{"tools":[{"name":"f","parameters":{"properties":{"a":""", """{"anyOf":[""", "" },
        { """{"contents":""", "[", "" },
        { """{"a":""", "{\"a\":", "" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_large_text_takes_bounded_memory_as_a_request_and_as_an_output(string model, string unit)
    {
        int count = Size / Encoding.UTF8.GetByteCount(unit);
        byte[] body = Encoding.UTF8
            .GetBytes($$"""{"messages":[{"role":"user","content":"{{string.Concat(Enumerable.Repeat(unit, count))}}"}]}""");
        var retained = new RetainedOutput(64 * 1024, null);
        for (int i = 0; i < count; i++)
        {
            retained.Append(OutputKind.Text, 0, Encoding.UTF8.GetBytes(unit), isEscaped: unit.StartsWith('\\'));
        }

        Estimator.CountTokens(model, "loaded");
        Allocated(() => Estimator.EstimateInputTokens(ApiFormat.OpenAI, model, body)).Should().BeLessThan(MaxAllocated);
        Allocated(() => Estimator.EstimateOutput(ApiFormat.OpenAI, model, retained.ToOutput("openai-chat", Size)))
            .Should().BeLessThan(MaxAllocated);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void A_large_request_of_small_things_takes_bounded_memory(string start, string unit, string end)
    {
        byte[] body = Encoding.UTF8.GetBytes(start + string.Concat(Enumerable.Repeat(unit, Size / unit.Length)) + end);

        Estimator.CountTokens("gpt-4o", "loaded");
        Allocated(() => Estimator.EstimateInputTokens(ApiFormat.OpenAI, "gpt-4o", body)).Should().BeLessThan(MaxAllocated);
        Allocated(() => Estimator.EstimateInputTokens(ApiFormat.Claude, "claude-sonnet-4-5", body)).Should().BeLessThan(MaxAllocated);
    }

    private static long Allocated(Func<long> estimate)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        estimate().Should().BePositive();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
