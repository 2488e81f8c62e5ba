namespace StreamUsage;

/// <summary>Represents a body that ended without a readable answer: a signal to try another provider. Thrown by the
/// read that would report the end, if <see cref="StreamUsageOptions.ThrowOnUnreadableStream"/> is set.</summary>
/// <remarks>The base is <see cref="HttpRequestException"/>, because <see cref="HttpContent"/> would wrap an
/// <see cref="IOException"/> but not this type.</remarks>
public sealed class EmptyStreamException : HttpRequestException
{
    /// <summary>Creates the exception with a default message.</summary>
    public EmptyStreamException()
        : this("The response body held no answer.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">The reason.</param>
    public EmptyStreamException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">The reason.</param>
    /// <param name="innerException">The cause.</param>
    public EmptyStreamException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal EmptyStreamException(StreamOutcome outcome, UsageContext context, long readCount)
        : this(outcome == StreamOutcome.Empty
            ? "The response body was empty, or held only comments and pings."
            : "The response body held nothing that could be read as an answer.")
    {
        Outcome = outcome;
        Context = context;
        ReadCount = readCount;
    }

    /// <summary>Gets the outcome: <see cref="StreamOutcome.Empty"/> or
    /// <see cref="StreamOutcome.Unreadable"/>.</summary>
    public StreamOutcome Outcome { get; } = StreamOutcome.Empty;

    /// <summary>Gets the request's context as the record has it, so that a failover can avoid the same provider. Empty
    /// if no tracked body threw the exception.</summary>
    public UsageContext Context { get; } = UsageContext.Empty;

    /// <summary>Gets the number of reads that returned bytes; 0 if the body had none.</summary>
    public long ReadCount { get; }
}
