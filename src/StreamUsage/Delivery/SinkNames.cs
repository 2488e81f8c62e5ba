namespace StreamUsage.Delivery;

/// <summary>Names the sinks of a tracker for logs and metrics: by type, and numbered if a type repeats. The name of a
/// named tracker comes first: <c>name/Sink#2</c>.</summary>
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
