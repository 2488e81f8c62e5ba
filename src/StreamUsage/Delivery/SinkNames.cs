namespace StreamUsage.Delivery;

/// <summary>Names a tracker's sinks for logs and metrics: by type, numbered if a type repeats, after the tracker's name
/// if it has one.</summary>
internal static class SinkNames
{
    public static IEnumerable<string> Of(IReadOnlyList<IUsageSink> sinks, string trackerName)
    {
        string[] types = [.. sinks.Select(static sink => (sink as INamedSink)?.SinkName ?? sink.GetType().Name)];
        string prefix = trackerName.Length == 0 ? "" : trackerName + "/";
        return types.Select((type, i) =>
            types.Count(other => other == type) == 1 ? prefix + type : $"{prefix}{type}#{types.Take(i + 1).Count(other => other == type)}");
    }
}
