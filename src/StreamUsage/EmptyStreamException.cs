namespace StreamUsage;

/// <summary>
/// The body ended without anything that could be read as an answer. Thrown by the reader's last read, and only where
/// <see cref="StreamUsageOptions.ThrowOnUnreadableStream"/> is set: a signal to try another provider. An <see cref="HttpRequestException"/>, because <see cref="HttpContent"/> wraps every
/// <see cref="IOException"/> of a copy in one.
/// </summary>
public sealed class EmptyStreamException : HttpRequestException
{
    /// <summary>Creates the exception without saying more.</summary>
    public EmptyStreamException()
        : this("The response body held no answer.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What was found instead of an answer.</param>
    public EmptyStreamException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">What was found instead of an answer.</param>
    /// <param name="innerException">The cause.</param>
    public EmptyStreamException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal EmptyStreamException(StreamOutcome outcome, UsageContext context, long readCount)
        : this(outcome == StreamOutcome.Empty ? "The response body was empty." : "The response body held nothing that could be read as an answer.")
    {
        Outcome = outcome;
        Context = context;
        ReadCount = readCount;
    }

    /// <summary><see cref="StreamOutcome.Empty"/> or <see cref="StreamOutcome.Unreadable"/>.</summary>
    public StreamOutcome Outcome { get; } = StreamOutcome.Empty;

    /// <summary>
    /// Gets what the caller said about the request, as the record has it: a failover knows which provider, endpoint and key to avoid. Empty if the exception was not thrown by a tracked body.
    /// </summary>
    public UsageContext Context { get; } = UsageContext.Empty;

    /// <summary>Gets how many reads brought bytes before the end: 0 if the body was empty.</summary>
    public long ReadCount { get; }
}
