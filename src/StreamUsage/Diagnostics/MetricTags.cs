using System.Diagnostics;

namespace StreamUsage.Diagnostics;

/// <summary>Represents the tags of a context that are attributes of tokens, durations and costs too. Values over a
/// limit share one.</summary>
internal sealed class MetricTags(IEnumerable<string> names)
{
    public const int MaxTags = 16;

    private readonly (string Name, BoundedNames Values)[] _tags = [.. names.Select(static name => (name, new BoundedNames()))];

    /// <summary>Returns whether a tag can be an attribute: it has a name, and no metric that gets tags has an attribute
    /// of that name.</summary>
    public static bool IsAllowed(string? name) =>
        !string.IsNullOrWhiteSpace(name) && !name.StartsWith("gen_ai.", StringComparison.Ordinal)
        && name is not ("error.type" or "server.address" or "server.port" or "provider" or "model" or "operation" or "kind" or "source"
            or "currency");

    public void AddTo(ref TagList attributes, UsageContext context)
    {
        if (context.Tags is not { } given)
        {
            return;
        }

        foreach ((string name, BoundedNames values) in _tags)
        {
            if (given.TryGetValue(name, out string? value) && value is not null)
            {
                attributes.Add(name, values.Get(value));
            }
        }
    }
}
