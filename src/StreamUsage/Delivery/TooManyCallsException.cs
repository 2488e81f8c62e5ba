namespace StreamUsage.Delivery;

/// <summary>A call that was not made, because too many of the same sink wait, are under way, or were left alone and have not ended.</summary>
internal sealed class TooManyCallsException() : Exception("Too many calls are under way.");
