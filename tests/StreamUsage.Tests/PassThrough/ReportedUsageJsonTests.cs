using System.Text;
using System.Text.Json;
using StreamUsage.Buffers;
using StreamUsage.Framing;

namespace StreamUsage.Tests.PassThrough;

/// <summary>The provider's usage object: merged field by field where it is cumulative, and its values
/// verbatim.</summary>
public sealed class ReportedUsageJsonTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":2}""", """{"a":2}""")]
    [InlineData("""{"a":1,"b":2}""", """{"b":3}""", """{"a":1,"b":3}""")]
    [InlineData("""{"a":1}""", """{"b":2}""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":1,"b":2}""", """{"a":null,"b":3}""", """{"a":1,"b":3}""")]
    [InlineData("""{"a":1}""", """{"b":null}""", """{"a":1,"b":null}""")]
    [InlineData("""{"a":null}""", """{"a":0}""", """{"a":0}""")]
    [InlineData("""{"d":{"x":1,"y":2},"b":1}""", """{"d":{"y":3}}""", """{"d":{"x":1,"y":3},"b":1}""")]
    [InlineData("""{"d":{"x":1,"y":2}}""", """{"d":{"x":null,"y":3,"z":4}}""", """{"d":{"x":1,"y":3,"z":4}}""")]
    [InlineData("""{"d":{"x":1}}""", """{"d":null}""", """{"d":{"x":1}}""")]
    [InlineData("""{"d":null}""", """{"d":{"x":1}}""", """{"d":{"x":1}}""")]
    [InlineData("""{"l":[1,2]}""", """{"l":[3]}""", """{"l":[3]}""")]
    [InlineData("""{"cost":1.50e-3,"n":1}""", """{"n":2}""", """{"cost":1.50e-3,"n":2}""")]
    [InlineData("""{"n":1,"s":"\u00e4\/"}""", """{"n":12345678901234567890123}""", """{"n":12345678901234567890123,"s":"\u00e4\/"}""")]
    [InlineData("""{"\u00e4\"":1,"n":1}""", """{"n":2}""", """{"\u00e4\"":1,"n":2}""")]
    [InlineData("{}", """{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":1}""", "{}", """{"a":1}""")]
    [InlineData("""{"a":1}""", "", """{"a":1}""")]
    public void A_cumulative_object_is_merged_field_by_field(string older, string newer, string expected)
    {
        string merged = Add(true, older, newer);

        merged.Should().Be(expected);
        JsonDocument.Parse(merged).Dispose();
        Add(true, older, newer, newer).Should().Be(expected);
    }

    [Fact]
    public void The_first_object_stands_as_it_was_sent() => Add(true, "{ \"a\" : 1.0 }").Should().Be("{ \"a\" : 1.0 }");

    [Fact]
    public void An_object_that_is_not_cumulative_replaces_the_one_before() =>
        Add(false, """{"a":1,"b":2}""", """{"b":null}""").Should().Be("""{"b":null}""");

    [Fact]
    public void What_is_kept_does_not_grow_beyond_its_bound()
    {
        var json = new ReportedUsageJson();
        for (int i = 0; i < 100; i++)
        {
            json.Add(Encoding.UTF8.GetBytes($$"""{"k{{i}}":"{{new string('x', 5000)}}"}"""), isCumulative: true);
        }

        json.Add(new byte[70_000], isCumulative: false);

        json.Text.Text!.Length.Should().BeInRange(5000, 64 * 1024);
        JsonDocument.Parse(json.Text.Text!).RootElement.GetProperty("k0").GetString().Should().HaveLength(5000);
    }

    [Fact]
    public void An_object_that_is_too_large_leaves_none()
    {
        var json = new ReportedUsageJson();
        json.Add(new byte[70_000], isCumulative: false);

        json.Text.Text.Should().BeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_kept_past_the_free_share_is_taken_of_the_budget(bool isCumulative)
    {
        byte[] small = Encoding.UTF8.GetBytes("""{"a":1}""");
        byte[] large = Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 5000)}}"}""");
        var budget = new BufferBudget(8 * 1024);
        var json = new ReportedUsageJson(budget);
        var refused = new ReportedUsageJson(budget);

        json.Add(small, isCumulative);
        budget.Taken.Should().Be(0);
        json.Add(large, isCumulative);
        budget.Taken.Should().Be(8 * 1024);
        refused.Add(large, isCumulative);
        refused.Text.Text.Should().BeNull();
        refused.Add(small, isCumulative);
        refused.Text.Text.Should().Be("""{"a":1}""");

        json.Release();
        budget.Taken.Should().Be(0);
    }

    private static string Add(bool isCumulative, params string[] objects)
    {
        var json = new ReportedUsageJson();
        foreach (string o in objects)
        {
            json.Add(Encoding.UTF8.GetBytes(o), isCumulative);
        }

        return json.Text.Text!;
    }
}
