using System.Text;
using StreamUsage.Framing;

namespace StreamUsage.Tests.Framing;

/// <summary>What merging usage objects may cost, whatever they hold.</summary>
public sealed class ReportedUsageJsonLimitTests
{
    [Theory]
    [InlineData(8, """{"x":1,"y":3}""")]
    [InlineData(9, """{"y":3}""")]
    [InlineData(100, """{"y":3}""")]
    public void Objects_are_merged_to_a_depth_of_eight_and_replaced_whole_below_it(int depth, string innermost) =>
        Merge(Nested("a", depth, """{"x":1,"y":2}"""), Nested("a", depth, """{"y":3}"""))
            .Should().Be(Nested("a", depth, innermost));

    [Fact]
    public void A_thousand_levels_are_merged_on_a_small_stack()
    {
        string name = new('n', 50);
        string older = Nested(name, 1_000, """{"x":1}"""), newer = Nested(name, 1_000, """{"x":null}""");
        string? merged = null;
        var thread = new Thread(() => merged = Merge(older, newer), maxStackSize: 256 * 1024);

        thread.Start();
        thread.Join();

        merged.Should().Be(newer);
    }

    [Fact]
    public void A_nested_object_whose_merge_would_search_megabytes_is_replaced_whole()
    {
        string properties = string.Join(',', Enumerable.Range(0, 60).Select(i => $"\"p{i}\":\"{new string('x', 1_000)}\""));
        string newer = "{\"u\":{" + properties + "}}";

        Merge("{\"u\":{" + properties + ",\"last\":1}}", newer).Should().Be(newer);
    }

    private static string? Merge(string older, string newer)
    {
        var json = new ReportedUsageJson();
        json.Add(Encoding.UTF8.GetBytes(older), isCumulative: true);
        json.Add(Encoding.UTF8.GetBytes(newer), isCumulative: true);
        return json.Text.Text;
    }

    // An object of so many levels, the innermost included.
    private static string Nested(string name, int depth, string innermost) =>
        string.Concat(Enumerable.Repeat("{\"" + name + "\":", depth - 1)) + innermost + new string('}', depth - 1);
}
