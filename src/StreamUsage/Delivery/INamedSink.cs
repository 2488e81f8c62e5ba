namespace StreamUsage.Delivery;

/// <summary>A sink that stands for another one, under whose name it appears in the log and the meter.</summary>
internal interface INamedSink
{
    string SinkName { get; }
}
